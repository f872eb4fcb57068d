# The image of Sluice. It is also all that its own CLI needs: docker run --rm sluice --help
#
# A digest can be pinned: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
# The older builder keeps what it built in between: docker image prune --filter label=sluice.stage
LABEL sluice.stage=build
WORKDIR /build
COPY package.json package-lock.json ./
# No package's own script runs: nothing is executed, nor fetched, that package-lock.json has no hash of. Because of those hashes
# it is the right packages or none that come in, so that a proxy which opens TLS (and that this image cannot know) may be passed.
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
 || { echo 'npm: once more without checking the certificate; the hashes of package-lock.json are checked' \
 && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --strict-ssl=false; }
COPY . .
RUN npm run build \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error \
 && mkdir /out \
 && cp -r package.json LICENSE CHANGELOG.md README.md bin dist examples schema templates node_modules /out/ \
 && cp docker/init.sh /out/ \
 && find /out -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete \
 && find /out/node_modules -type d \( -name test -o -name tests -o -name .github \) -prune -exec rm -rf {} + \
 && find /out -type d -empty -delete \
 && chmod -R a+rX,go-w /out

# What the program does not need goes: package managers, their caches, manuals. And the folders are there, with their owner, so
# that new volumes on them belong to Sluice.
FROM ${NODE_IMAGE} AS files
LABEL sluice.stage=files
ARG SLUICE_UID=10001
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn* \
      /usr/local/include /opt/yarn* /var/cache/apt /var/lib/apt/lists /var/cache/debconf /var/log/* \
      /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /root/.npm /tmp/* \
 && groupadd --gid "$SLUICE_UID" sluice \
 && useradd --uid "$SLUICE_UID" --gid sluice --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin sluice \
 && mkdir -p /etc/sluice /var/cache/apt /var/lib/apt/lists /opt/sluice /var/lib/sluice \
 && cd /var/lib/sluice && mkdir include nginx tables && mkdir -m 0700 state && chown -R sluice:sluice . \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && ln -s /opt/sluice/bin/sluice.js /usr/local/bin/sluice

# One copy of the result, so that what was removed is in no layer.
FROM scratch
COPY --from=files / /
COPY --from=build /out /opt/sluice
ARG SLUICE_UID=10001
ARG NODE_IMAGE=node:24-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sluice" \
      org.opencontainers.image.description="Blue/green and canary rollouts for plain, open-source nginx" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${NODE_IMAGE}"
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_ENV=production \
    SLUICE_HEALTH=http://127.0.0.1:7070/readyz
USER ${SLUICE_UID}:${SLUICE_UID}
WORKDIR /var/lib/sluice
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "http.get(process.env.SLUICE_HEALTH, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["sluice"]
CMD ["serve"]

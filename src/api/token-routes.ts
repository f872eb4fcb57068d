import { actorOf } from "./auth.ts";
import { pageByName } from "./page.ts";
import { operation, type Routes } from "./route.ts";
import { CreatedToken, NewToken, TokenList, TokenPath, TokenQuery, TokenView } from "./schemas/token.ts";
import type { TokenBook } from "./token-book.ts";

/** Tokens: make one for each person and program, see who has one, take it back. */
export function tokenRoutes(app: Routes, book: TokenBook): void {
  const list = operation("listTokens", "tokens", "The tokens that were made, without the tokens themselves", "admin");
  app.get(
    "/v1/tokens",
    { config: list.config, schema: { ...list.words, querystring: TokenQuery, response: { 200: TokenList, ...list.problem } } },
    async (request, reply) => pageByName(request, reply, "tokens", book.list()),
  );

  const create = operation("createToken", "tokens", "Make a token; the answer alone has it", "admin");
  app.post(
    "/v1/tokens",
    {
      // An answer that is kept to be given again would be the token in plain text on the disk.
      config: { ...create.config, keepsAnswer: false },
      schema: { ...create.words, body: NewToken, response: { 201: CreatedToken, ...create.problem } },
    },
    async (request, reply) => {
      const { name, scope, services = null, expiresInMs = null } = request.body;
      const created = await book.create({ name, scope, services, expiresInMs }, actorOf(request));
      return reply.code(201).send(created);
    },
  );

  const revoke = operation("revokeToken", "tokens", "Take a token back: it opens nothing any more", "admin");
  app.delete(
    "/v1/tokens/:token",
    { config: revoke.config, schema: { ...revoke.words, params: TokenPath, response: { 200: TokenView, ...revoke.problem } } },
    (request) => book.revoke(request.params.token, actorOf(request)),
  );
}

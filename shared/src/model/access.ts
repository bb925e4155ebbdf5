/** Principals, tokens and scopes. */
import * as z from 'zod';

/** Each scope holds the ones before it. */
export const scopes = ['read', 'deploy', 'manage', 'admin'] as const;
export type Scope = (typeof scopes)[number];
export const scopeSchema = z.enum(scopes);

/** True when somebody with `held` may do what needs `needed`. */
export function scopeAllows(held: Scope, needed: Scope): boolean {
  return scopes.indexOf(held) >= scopes.indexOf(needed);
}

export const tokenSchema = z.object({
  id: z.string(),
  name: z.string(),
  scope: scopeSchema,
  /** Names of apps it is limited to; none means all. */
  apps: z.array(z.string()).optional(),
  createdAt: z.number(),
  expiresAt: z.number().optional(),
  lastUsedAt: z.number().optional(),
});
export type Token = z.infer<typeof tokenSchema>;

/** A one-time code, told once; whoever redeems it within its time gets a token of this name and scope. */
export const accessCodeSchema = z.object({
  code: z.string(),
  name: z.string(),
  scope: scopeSchema,
  apps: z.array(z.string()).optional(),
  /** Until when it can be redeemed. */
  expiresAt: z.number(),
});
export type AccessCode = z.infer<typeof accessCodeSchema>;

/** What tells a code from a token. */
export const codePattern = /^mc_code_[A-Za-z0-9_-]{43}$/;

/** Opened where VS Code runs, it adds the server; answered by the extension's own handler of links. */
export function addServerLink(url: string, code: string): string {
  return `vscode://minicloud.minicloud/add-server?url=${encodeURIComponent(url)}&code=${encodeURIComponent(code)}`;
}

/** What a code is redeemed for: the token, its value this once, and whose server it is. */
export const redeemedSchema = z.object({ token: tokenSchema, value: z.string(), installation: z.string() });
export type Redeemed = z.infer<typeof redeemedSchema>;

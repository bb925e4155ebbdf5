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

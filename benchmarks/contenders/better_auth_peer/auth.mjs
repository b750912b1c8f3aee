// better-auth on node-postgres, with e-mail and password; the hash is bcrypt at cost 12, as everywhere in the rig.
import bcrypt from "bcrypt";
import { betterAuth } from "better-auth";
import pg from "pg";

export const secret = "bench-only-bench-only-bench-only-bench-only-bench";
export const pool = new pg.Pool({ connectionString: process.env.PEER_DSN, max: 10 });
export const hash = (password) => bcrypt.hash(password, 12);
export const auth = betterAuth({
  baseURL: `http://127.0.0.1:${process.env.PEER_PORT}`,
  secret,
  database: pool,
  emailAndPassword: {
    enabled: true,
    password: { hash, verify: ({ hash: stored, password }) => bcrypt.compare(password, stored) },
  },
  rateLimit: { enabled: false }, // off in every contender
  telemetry: { enabled: false },
});

// Tables, people and their sessions: `node seed.mjs COUNT PASSWORD` prints them as JSON.
import { createHmac } from "node:crypto";
import { getMigrations } from "better-auth/db/migration";
import { auth, hash, pool, secret } from "./auth.mjs";

const [count, password] = [Number(process.argv[2]), process.argv[3]];
await (await getMigrations(auth.options)).runMigrations();
const { internalAdapter } = await auth.$context;
const stored = await hash(password);
const people = [];
for (let n = 1; n <= count; n++) {
  const email = `person${n}@bench.example`;
  const user = await internalAdapter.createUser({ email, name: `First${n} Last${n}`, emailVerified: true });
  await internalAdapter.linkAccount({ userId: user.id, providerId: "credential", accountId: user.id, password: stored });
  const session = await internalAdapter.createSession(user.id);
  const signature = createHmac("sha256", secret).update(session.token).digest("base64");
  people.push({ id: user.id, name: email, access: encodeURIComponent(`${session.token}.${signature}`) });
}
console.log(JSON.stringify({ people }));
await pool.end();

// node server.mjs: serves on 127.0.0.1:PEER_PORT.
import { createServer } from "node:http";
import { toNodeHandler } from "better-auth/node";
import { auth } from "./auth.mjs";

const server = createServer(toNodeHandler(auth));
server.keepAliveTimeout = 75_000; // as the other servers keep theirs
server.listen(Number(process.env.PEER_PORT), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));

// Imported by their paths, because a peer is no dependency of the library, and so nothing of this folder can import it by name.
export * as dpop from '../peers/node_modules/dpop/build/index.js'
export { Hono } from '../peers/node_modules/hono/dist/index.js'
export { jwt } from '../peers/node_modules/hono/dist/middleware/jwt/index.js'
export * as jose from '../peers/node_modules/jose/dist/webapi/index.js'
export * as oauth from '../peers/node_modules/oauth4webapi/build/index.js'

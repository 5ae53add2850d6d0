import { outcomes } from './imported.js'

// For Cloudflare's workers: a module that answers requests.
export default { fetch: async (): Promise<Response> => Response.json(await outcomes()) }

import { outcomes } from './imported.js'

// For Node, Deno and Bun: a script that prints the outcomes.
console.log(JSON.stringify(await outcomes()))

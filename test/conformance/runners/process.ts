import { outcomes } from './imported.js'

// Node, Deno and Bun: a script that prints.
console.log(JSON.stringify(await outcomes()))

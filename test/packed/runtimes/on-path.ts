import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

const programs = fileURLToPath(new URL('node_modules/.bin', import.meta.url))

/** The environment of a user who has the runtimes installed. */
export const onPath: Readonly<Record<string, string>> = {
  PATH: `${process.env['PATH']}${delimiter}${programs}`,
  NO_COLOR: '1',
}

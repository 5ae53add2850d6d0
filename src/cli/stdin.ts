import { usageError } from './exit-codes.js'

// What has read it.
const readers = new WeakMap<object, string>()

/** All of stdin, which only one thing can be read from. Ends the command if a person would have to type it. */
export async function readStdin(what: string): Promise<Buffer> {
  const { stdin } = process
  const reader = readers.get(stdin)
  if (reader !== undefined) throw usageError(`${reader} and ${what} can't both be read from stdin`)
  readers.set(stdin, what)
  if (stdin.isTTY)
    throw usageError(`${what} is to be read from stdin, which is a terminal: pipe it, or redirect a file`)
  const parts: Buffer[] = []
  for await (const part of stdin) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

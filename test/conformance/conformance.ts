import { capability } from './cases/capability.js'
import { didKey } from './cases/did-key.js'
import { jws } from './cases/jws.js'
import { keys } from './cases/keys.js'
import { message } from './cases/message.js'
import { sessionString } from './cases/session-string.js'
import { signedRequest } from './cases/signed-request.js'
import { storage } from './cases/storage.js'
import { token } from './cases/token.js'
import type { Library, Runtime, SharedFiles, Topic } from './library.js'

/** The outcome of a case. */
export interface Outcome {
  readonly topic: string
  readonly name: string
  /** The error, if it failed. */
  readonly error?: string
}

/** All cases, including those that need fixtures and vectors if these are given. */
export function conformance(shared: SharedFiles): Topic[] {
  return [
    { topic: 'keys', cases: keys },
    { topic: 'did:key', cases: didKey(shared) },
    { topic: 'message text', cases: message },
    { topic: 'session string', cases: sessionString(shared) },
    { topic: 'capability', cases: capability(shared) },
    { topic: 'JWS', cases: jws(shared) },
    { topic: 'signed request', cases: signedRequest },
    { topic: 'token', cases: token },
    { topic: 'storage', cases: storage },
  ]
}

/** Runs the cases one after another. */
export async function run(library: Library, runtime: Runtime, shared: SharedFiles): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { topic, cases } of conformance(shared)) {
    for (const { name, run } of cases) {
      try {
        await run(library, runtime)
        outcomes.push({ topic, name })
      } catch (error) {
        outcomes.push({
          topic,
          name,
          error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        })
      }
    }
  }
  return outcomes
}

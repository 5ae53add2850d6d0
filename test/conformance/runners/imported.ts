import * as core from 'cacao-session'
import * as ethereum from 'cacao-session/ethereum'
import * as fetch from 'cacao-session/fetch'
import * as key from 'cacao-session/key'
import * as stores from 'cacao-session/stores'
import * as verify from 'cacao-session/verify'
import { type Outcome, run } from '../conformance.js'
import type { Runtime, SharedFiles } from '../library.js'

// The bundler sets where the runner will run, and the files that it can't read there.
declare const RUNTIME: Runtime
declare const SHARED: SharedFiles

/** Runs the suite with the installed library. */
export const outcomes = (): Promise<Outcome[]> =>
  run({ core, ethereum, fetch, key, stores, verify }, RUNTIME, SHARED)

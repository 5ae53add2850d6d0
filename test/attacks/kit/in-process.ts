import { SessionError, type SessionErrorCode } from '../../../src/base/errors.js'
import { runFresh } from '../../setup/fresh-process.js'

/** Runs a module in its own process, where `tell(answer)` reports the outcome of the attack, which is returned or thrown here. */
export function inProcess(script: string): unknown {
  const output = runFresh(`
    const tell = (answer) => console.log(JSON.stringify({ isNothing: answer === undefined || answer === false }))
    const fail = ({ code, name, message }) => console.log(JSON.stringify({ code, name, message }))
    try { ${script} } catch (error) { fail(error) }
    process.exit()`)
  const { isNothing, code, name, message } = JSON.parse(output) as {
    isNothing?: boolean
    code?: SessionErrorCode
    name?: string
    message?: string
  }
  if (code !== undefined) throw new SessionError(code, message ?? '')
  if (name !== undefined) throw new TypeError(message)
  return !isNothing
}

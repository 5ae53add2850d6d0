import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

// <where>-<pid>-<start>-<random>; the start is empty where it can't be known.
const TOKEN = /^([0-9a-f]{16})-(\d{1,10})-(\d*)-[0-9a-f]{16}$/

/** A name that nobody else ever takes, from which others can tell whether this process still runs. */
export function processToken(): string {
  return `${here()}-${process.pid}-${stat(process.pid)?.start ?? ''}-${randomBytes(8).toString('hex')}`
}

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Whether the process runs that made the token; `unknown` if that was on another machine, or it is no token. */
export function processOf(token: string): 'running' | 'gone' | 'unknown' {
  const [, where, id, start] = TOKEN.exec(token) ?? []
  if (where === undefined || where !== here()) return 'unknown'
  const pid = Number(id)
  if (!exists(pid)) return 'gone'
  const now = stat(pid)
  // Its number may be another one's by now. A zombie has ended, though nobody has taken note of that.
  return now && start !== '' && (now.start !== start || 'ZX'.includes(now.state)) ? 'gone' : 'running'
}

let place: string | undefined

/** This machine since it started, and the container: within it, process numbers mean the same to all. */
function here(): string {
  place ??= findPlace()
  return place
}

function findPlace(): string {
  const boot = orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const numbers = orNothing(() => readlinkSync('/proc/self/ns/pid'))
  return createHash('sha256').update(`${hostname()}\n${boot}\n${numbers}`).digest('hex').slice(0, 16)
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Another person's may not be sent signals, but is there.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

// Linux only. The name, in parentheses, may hold anything; behind it come the state and, 19 further on, the start.
function stat(pid: number): { state: string; start: string } | undefined {
  const text = orNothing(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields?.[0], fields?.[19]]
  return state && start ? { state, start } : undefined
}

function orNothing(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

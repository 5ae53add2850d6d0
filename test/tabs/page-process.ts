import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Page } from '../e2e/page.js'

/** Whether this machine lists its processes in /proc, as Linux does. */
export const canFindProcesses = existsSync('/proc/self/stat')

const BUSY_MS = 250
const LEAST_TICKS = 3
/** The names of the engines' processes that run pages. */
const runsPages = /--type=renderer|-contentproc.* tab$|WebKitWebProcess/

interface Process {
  readonly parent: number
  /** Processor time used, in ticks. */
  readonly used: number
}

/** The process that runs our page: of all those started from here, the one that is busy while the page is, twice in a row. */
export async function processOf(page: Page): Promise<number> {
  let last: number | undefined
  for (;;) {
    const busiest = await busiestWhile(() =>
      page.evaluate((ms) => {
        const end = performance.now() + ms
        while (performance.now() < end);
      }, BUSY_MS),
    )
    if (busiest !== undefined && busiest === last) return busiest
    last = busiest
  }
}

/**
 * The process that used much more processor time than any other; `undefined` if none did, because the machine is busy
 * otherwise.
 */
async function busiestWhile(work: () => Promise<void>): Promise<number | undefined> {
  const before = pageProcesses()
  await work()
  const used = [...pageProcesses()].map(([id, ticks]) => [id, ticks - (before.get(id) ?? 0)] as const)
  const [busiest, second] = used.sort(([, a], [, b]) => b - a)
  if (!busiest) throw new Error('no process that runs pages was started from here')
  const [id, ticks] = busiest
  return ticks >= LEAST_TICKS && ticks >= 3 * (second?.[1] ?? 0) ? id : undefined
}

/** Processor time used by each process that runs pages and was started from here, directly or not. */
function pageProcesses(): ReadonlyMap<number, number> {
  const all = new Map<number, Process>()
  for (const name of readdirSync('/proc')) {
    const found = /^\d+$/.test(name) && statOf(name)
    if (found) all.set(Number(name), found)
  }
  const isOurs = (id: number | undefined): boolean =>
    id === process.pid || (id !== undefined && isOurs(all.get(id)?.parent))
  const ours = [...all].filter(([id, { parent }]) => isOurs(parent) && runsPages.test(commandOf(id)))
  return new Map(ours.map(([id, { used }]) => [id, used]))
}

function commandOf(id: number): string {
  try {
    return readFileSync(`/proc/${id}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

function statOf(id: string): Process | undefined {
  try {
    // The name in parentheses may contain spaces; the fields after it don't.
    const fields = readFileSync(`/proc/${id}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? []
    return { parent: Number(fields[1]), used: Number(fields[11]) + Number(fields[12]) }
  } catch {
    // It has just ended.
    return undefined
  }
}

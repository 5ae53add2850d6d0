import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runFresh } from './setup/fresh-process.js'

const { exports: entries } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { exports: Record<string, unknown> }
const names = Object.keys(entries).filter((name) => !/\.(?:json|css)$/.test(name))

// The globals that a page has and a server has not, which an import must not read.
const BROWSER = [
  'window',
  'document',
  'location',
  'indexedDB',
  'localStorage',
  'sessionStorage',
  'BroadcastChannel',
]

// Peers that read window themselves, or set a global.
const PEERS: Readonly<Record<string, readonly string[]>> = {
  './dids': ['dids', 'did-jwt'],
  './did-session': ['dids', 'did-jwt'],
  './vue': ['vue'],
  './svelte': ['svelte', 'svelte/reactivity', 'svelte/store'],
}

/** The effects of an import on a process: the globals read and added, and what it keeps running. */
function effectsOfImporting(...specifiers: string[]): {
  looked: string[]
  added: string[]
  running: string[]
} {
  const output = runFresh(`
    const looked = new Set()
    for (const name of ${JSON.stringify(BROWSER)}) {
      Object.defineProperty(globalThis, name, { configurable: true, get: () => void looked.add(name) })
    }
    const before = Reflect.ownKeys(globalThis).map(String).sort()
    for (const specifier of ${JSON.stringify(specifiers)}) await import(specifier)
    const after = Reflect.ownKeys(globalThis).map(String).sort()
    const ofNode = ['PipeWrap', 'TTYWrap', 'CloseReq', 'FSReqPromise', 'FSReqCallback']
    console.log(JSON.stringify({
      looked: [...looked],
      added: after.filter((name) => !before.includes(name)),
      running: process.getActiveResourcesInfo().filter((name) => !ofNode.includes(name)),
    }))`)
  return JSON.parse(output)
}

describe.each(names)('importing %s', (name) => {
  const specifier = name.replace('.', 'cacao-session')
  const peers = PEERS[name] ?? []

  it('reads no browser globals, sets none, and starts nothing', () => {
    const ofPeers = peers.length > 0 ? effectsOfImporting(...peers) : { looked: [], added: [], running: [] }
    expect(effectsOfImporting(...peers, specifier)).toEqual(ofPeers)
  })

  // This entry only declares a global type.
  it.skipIf(name === './window')('exports something', () => {
    expect(Number(runFresh(`console.log(Object.keys(await import('${specifier}')).length)`))).toBeGreaterThan(
      0,
    )
  })
})

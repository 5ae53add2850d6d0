import { threadId } from 'node:worker_threads'

// Node's threads hear each other's channels, and each test file runs in one of several threads. Tabs of a browser that belong to
// different people don't hear each other, and neither shall these.
const Channel = globalThis.BroadcastChannel

if (Channel.name !== 'OwnChannel')
  globalThis.BroadcastChannel = class OwnChannel extends Channel {
    constructor(name: string) {
      super(`${name} of thread ${threadId}`)
    }
  }

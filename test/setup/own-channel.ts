import { threadId } from 'node:worker_threads'

// Node's threads share their broadcast channels, and each test file runs in one of several threads. Browsers of different
// people do not share channels, so these must not either.
const Channel = globalThis.BroadcastChannel

if (Channel.name !== 'OwnChannel')
  globalThis.BroadcastChannel = class OwnChannel extends Channel {
    constructor(name: string) {
      super(`${name} of thread ${threadId}`)
    }
  }

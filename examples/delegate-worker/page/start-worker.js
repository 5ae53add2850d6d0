const WORKER = '/worker.js'
// The page's headers demand Trusted Types: it can start no script but the one that this policy names.
const policy = globalThis.trustedTypes?.createPolicy('own-worker', { createScriptURL: () => WORKER })

/** @returns {Worker} */
export const startWorker = () => new Worker(policy?.createScriptURL('') ?? WORKER, { type: 'module' })

const WORKER = '/worker.js'
// The page's headers require Trusted Types, so the page can only start the script that this policy names.
const policy = globalThis.trustedTypes?.createPolicy('own-worker', { createScriptURL: () => WORKER })

/** @returns {Worker} */
export const startWorker = () => new Worker(policy?.createScriptURL('') ?? WORKER, { type: 'module' })

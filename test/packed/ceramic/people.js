import { DIDSession } from 'cacao-session'
import { toDID } from 'cacao-session/dids'
import { ethereumAuth } from 'cacao-session/ethereum'
import { memoryStore } from 'cacao-session/stores'

const KEYS = { alice: '11', bob: '22' }
export const ACCOUNTS = {
  alice: 'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
  bob: 'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508',
}

/** A person's session, with a key that can't be exported, and its DID. */
export async function signIn(who, { resources = ['ceramic://*'], auth = {}, ...options } = {}) {
  const wallet = ethereumAuth(`0x${KEYS[who].repeat(32)}`, undefined, {
    domain: 'app.example.com',
    lowerCaseAddress: true,
    ...auth,
  })
  const session = await DIDSession.get(ACCOUNTS[who], wallet, {
    resources,
    store: memoryStore(),
    ...options,
  })
  return { session, did: await toDID(session) }
}

/** Prints the result of each case as lines of JSON: its value, or its error. */
export async function report(cases) {
  for (const [name, work] of Object.entries(cases)) {
    const outcome = await work().then(
      (value) => value ?? 'done',
      (error) => `refused: ${error.code ?? ''} ${error.message}`,
    )
    console.log(`CASE ${JSON.stringify([name, outcome])}`)
  }
}

import type { DIDSession } from 'cacao-session'
import { useState } from 'react'
import { reasonOf, shortOf } from './words.js'

/** Calls the API with a request that the session key signs, without a prompt. */
export function Hello({ session }: { session: DIDSession }) {
  const [answer, setAnswer] = useState('')

  async function say(): Promise<void> {
    try {
      const response = await session.fetch('/api/hello', { method: 'POST', body: 'Hello' })
      if (!response.ok) return setAnswer(`The server refused: ${response.status}`)
      const { account } = (await response.json()) as { account: string }
      setAnswer(`The server says hello to ${shortOf(account)}.`)
    } catch (error) {
      setAnswer(reasonOf(error))
    }
  }

  return (
    <>
      <button type="button" onClick={say}>
        Say hello to the server
      </button>
      <output>{answer}</output>
    </>
  )
}

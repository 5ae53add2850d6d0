import { DIDSession, type SessionSummary } from 'cacao-session'
import { useEffect, useState } from 'react'
import { dateOf, shortOf } from './words.js'

/** The accounts that are signed in on this device. */
export function Accounts() {
  const [sessions, setSessions] = useState<SessionSummary[]>([])
  useEffect(() => {
    let isGone = false
    DIDSession.list().then(
      (list) => isGone || setSessions(list),
      () => undefined,
    )
    return () => {
      isGone = true
    }
  }, [])

  if (sessions.length === 0) return null
  return (
    <section aria-labelledby="device">
      <h2 id="device">On this device</h2>
      <ul>
        {sessions.map(({ keyDID, account, expiresAt, isExpired }) => (
          <li key={keyDID}>
            <span title={account}>{shortOf(account)}</span> {isExpired ? 'expired' : 'until'}{' '}
            {dateOf(expiresAt)}
          </li>
        ))}
      </ul>
    </section>
  )
}

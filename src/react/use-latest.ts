import { useInsertionEffect, useRef } from 'react'

/** What was rendered last. */
export interface Latest<T> {
  readonly current: T
}

/** Keeps what was rendered last, for what is called later. */
export function useLatest<T>(value: T): Latest<T> {
  const latest = useRef(value)
  // Before anyone can click on what was rendered, and, other than a layout effect, of no concern to a server.
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}

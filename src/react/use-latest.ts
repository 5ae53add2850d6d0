import { useEffect, useRef } from 'react'

/** What was rendered last. */
export interface Latest<T> {
  readonly current: T
}

/** Keeps what was rendered last, for what is called later. */
export function useLatest<T>(value: T): Latest<T> {
  const latest = useRef(value)
  useEffect(() => {
    latest.current = value
  })
  return latest
}

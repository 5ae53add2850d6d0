import type { Caller } from 'cacao-session/cookie'

declare global {
  namespace App {
    interface Locals {
      /** The person who sent the request; `undefined` if nobody is signed in. */
      caller: Caller | undefined
    }
  }
}

import type { Caller } from 'cacao-session/cookie'

declare global {
  namespace App {
    interface Locals {
      /** Who looks at the page; `undefined` if it is nobody. */
      caller: Caller | undefined
    }
  }
}

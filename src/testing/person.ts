import { assertBehaviour, type Decision, type WalletBehaviour } from './wallet-behaviour.js'

/** Who looks at a wallet: does as a test says, and remembers what they were asked to sign. */
export class Person {
  /** The texts that they were asked to sign. */
  readonly texts: string[] = []
  #behaviour: WalletBehaviour = 'approves'
  // Who waits for what comes: for a decision, or for a prompt.
  #undecided: ((decision: Decision) => void)[] = []
  #awaiting: (() => void)[] = []

  get behaviour(): WalletBehaviour {
    return this.#behaviour
  }

  set behaviour(next: WalletBehaviour) {
    assertBehaviour(next)
    this.#behaviour = next
    if (next === 'hangs') return
    const undecided = this.#undecided
    this.#undecided = []
    for (const decide of undecided) decide(next)
  }

  /** What they decide, once they do. */
  async decides(): Promise<Decision> {
    const behaviour = this.#behaviour
    if (behaviour !== 'hangs') return behaviour
    return new Promise((resolve) => this.#undecided.push(resolve))
  }

  /** Shows them a text to sign. */
  isAsked(text: string): void {
    this.texts.push(text)
    const awaiting = this.#awaiting
    this.#awaiting = []
    for (const wake of awaiting) wake()
  }

  /** The text of the prompt of this number, once there was one. */
  async prompted(times: number): Promise<string> {
    if (!(Number.isInteger(times) && times > 0)) throw new TypeError('times must be a positive integer')
    for (;;) {
      const text = this.texts[times - 1]
      if (text !== undefined) return text
      await new Promise<void>((resolve) => this.#awaiting.push(resolve))
    }
  }
}

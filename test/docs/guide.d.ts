declare module 'guide:react/app' {
  export default function App(): import('react').ReactElement
}

declare module 'guide:react/notes' {
  export function Notes(): import('react').ReactElement | null
}

declare module 'guide:start/react' {
  export function Hello(): import('react').ReactElement
}

declare module 'guide:pages/page' {
  export function keepSignedIn(): Promise<import('../../src/index.js').DIDSession | undefined>
}

declare module 'guide:react/button' {
  export function Page(): import('react').ReactElement
}

declare module 'guide:vue/app' {
  const App: import('vue').Component
  export default App
}

declare module 'guide:svelte/app' {
  const App: import('svelte').Component
  export default App
}

declare module 'guide:sign-in-button/page' {
  export function removeButton(): void
}

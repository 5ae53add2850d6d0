declare module 'guide:react/app' {
  export function App(): import('react').ReactElement
}

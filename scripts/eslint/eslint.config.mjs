// What scripts/check asks of the JavaScript here: everything that ESLint recommends, and what turns a slip into an error.
import { createRequire } from "node:module";

const js = createRequire(process.argv[1])("@eslint/js"); // ESLint lies in the user's cache, this file does not

const BROWSER = [
  "CSSStyleSheet", "CustomEvent", "EventSource", "HTMLElement", "URLSearchParams", "cancelAnimationFrame", "clearTimeout",
  "customElements", "document", "fetch", "location", "performance", "requestAnimationFrame", "setInterval", "setTimeout", "window",
];

export default [
  js.configs.recommended,
  { files: ["**/*.mjs"], languageOptions: { globals: { process: "readonly" } } },
  {
    files: ["**/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "module",
      globals: Object.fromEntries(BROWSER.map((name) => [name, "readonly"])),
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "error",
      "curly": ["error", "multi-line"],
      "default-param-last": "error",
      "eqeqeq": ["error", "always", { null: "ignore" }],
      "no-alert": "error",
      "no-caller": "error",
      "no-console": "error",
      "no-eval": "error",
      "no-extend-native": "error",
      "no-implicit-coercion": "error",
      "no-implied-eval": "error",
      "no-invalid-this": "error",
      "no-loop-func": "error",
      "no-new-func": "error",
      "no-param-reassign": "error",
      "no-promise-executor-return": "error",
      "no-return-assign": "error",
      "no-script-url": "error",
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unmodified-loop-condition": "error",
      "no-unused-expressions": "error",
      "no-use-before-define": ["error", { functions: false, classes: false }],
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-rest-params": "error",
      "prefer-spread": "error",
      "prefer-template": "error",
      "radix": "error",
      "require-atomic-updates": "error",
      "strict": ["error", "never"],
      "symbol-description": "error",
    },
  },
];

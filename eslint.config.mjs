import tseslint from 'typescript-eslint';

const exportAll = { selector: 'ExportAllDeclaration', message: 'Name what is exported: no `export *`.' };

/** A constructor has as many parameters as it has dependencies. */
const fourParameters = {
  selector: ":not(MethodDefinition[kind='constructor']) > :function[params.length>4]",
  message: 'A function has four parameters at most.',
};

export default tseslint.config(
  { ignores: ['dist', 'coverage', '.build', '.data', 'node_modules', 'test/openapi/api.ts'] },
  {
    files: ['src/**/*.ts', 'test/**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      complexity: ['error', 8],
      'max-depth': ['error', 3],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      'no-restricted-syntax': ['error', exportAll, fourParameters],
    },
  },
  {
    // A factory of Nest gets its dependencies as parameters.
    files: ['src/**/*.{module,providers}.ts'],
    rules: { 'no-restricted-syntax': ['error', exportAll] },
  },
  {
    files: ['test/**/*.ts', '**/*.spec.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'no-console': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);

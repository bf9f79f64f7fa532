/** The metadata of `@Type` and `@Expose`: the package has types for it, but not at the path where it can be loaded. */
declare module 'class-transformer/cjs/storage' {
  export const defaultMetadataStorage: import('class-transformer/types/MetadataStorage').MetadataStorage;
}

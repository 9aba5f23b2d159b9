// Counts the keys of the metadata and the characters of their values.

export const handler = {
  run(context, metadata) {
    const values = Object.values(JSON.parse(metadata));
    const characters = values.reduce((sum, value) => sum + value.length, 0);
    return {
      status: 'pass',
      annotations: [],
      metadata: JSON.stringify({ counted: { keys: values.length, characters } }),
      artifacts: [],
      metrics: [],
    };
  },

  describe: () => ({
    name: 'count-js',
    version: '0.1.0',
    description: 'Counts keys and characters.',
    hookPoints: [],
    capabilities: [],
  }),

  checkSettings() {},
};

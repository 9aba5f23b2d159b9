// The component: what the host calls, around the policy.

import { manifest } from './manifest.js';
import { judge, PolicyError } from './policy.js';
import { problemsOf } from './settings.js';

export const handler = {
  run(context, metadata, sceneContext, settings) {
    try {
      return judge({
        settings: parsed(settings),
        segmentPath: context.segmentPath,
        document: {
          metadata: parsed(metadata),
          scene_context: parsed(sceneContext),
          job: jobOf(context.job),
        },
      });
    } catch (error) {
      // What is thrown is the `failure` of the contract. Anything else that is
      // thrown would trap, and its reason would be lost.
      const message = error instanceof PolicyError ? error.message : `unexpected: ${error}`;
      throw { message, retryable: false };
    }
  },

  describe: () => manifest,

  checkSettings(settings) {
    const problems = problemsOf(parsed(settings));
    if (problems.length > 0) throw problems;
  },
};

function parsed(json) {
  return json ? JSON.parse(json) : {};
}

// Ids are 64 bits wide in the contract; those of the document are plain numbers,
// as they are in the HTTP interface.
function jobOf(job) {
  if (!job) return null;
  return {
    id: Number(job.id),
    project_id: Number(job.projectId),
    scene_type_id: job.sceneTypeId === undefined ? null : Number(job.sceneTypeId),
    external_ref: job.externalRef ?? null,
  };
}

// A worker as users of Camunda 7 write it, unchanged but for the address: it subscribes to
// topics and says on stdout, a line of JSON each, what it sees. The test reads along.
//
//   BASE_URL, USER, PASSWORD: where; it ends with its stdin, and after two minutes.
import {
  BasicAuthInterceptor,
  Client,
  Variables,
} from "camunda-external-task-client-js";

const say = (what, more) => console.log(JSON.stringify({ what, ...more }));

const client = new Client({
  baseUrl: process.env.BASE_URL,
  workerId: "js-worker",
  interceptors: new BasicAuthInterceptor({
    username: process.env.USER,
    password: process.env.PASSWORD,
  }),
  maxTasks: 5,
  asyncResponseTimeout: 10000,
  interval: 20,
  lockDuration: 20000,
});

client.on("poll:error", (e) => say("poll:error", { message: String(e) }));
client.on("complete:error", (task, e) =>
  say("complete:error", {
    status: e.httpStatusCode,
    type: e.type,
    message: e.engineMsg,
  })
);

const all = () =>
  new Variables()
    .set("text", "grüße")
    .set("whole", 7)
    .set("large", 2 ** 40)
    .set("half", 0.5)
    .set("yes", true)
    .set("nothing", null)
    .set("day", new Date(Date.UTC(2026, 0, 21, 13, 4, 5, 678)))
    .set("list", [1, "two", { three: 3 }])
    .setTyped("short", { type: "Short", value: 3, valueInfo: {} });

// Every type there and back: what the process has is read, what is set comes again.
client.subscribe("types", async ({ task, taskService }) => {
  say("types", {
    values: task.variables.getAll(),
    businessKey: task.businessKey,
    topic: task.topicName,
    activity: task.activityId,
    key: task.processDefinitionKey,
  });
  await taskService.complete(task, all());
});
client.subscribe("again", async ({ task, taskService }) => {
  const typed = task.variables.getAllTyped();
  say("again", {
    values: task.variables.getAll(),
    types: Object.fromEntries(
      Object.entries(typed).map(([name, { type }]) => [name, type])
    ),
    isDate: task.variables.get("day") instanceof Date,
  });
  await taskService.complete(task);
});

// Only some variables, and those of the task's own scope.
client.subscribe(
  "some",
  { variables: ["text"], lockDuration: 5000 },
  async ({ task, taskService }) => {
    say("some", { values: task.variables.getAll() });
    const local = new Variables().set("mine", 1);
    await taskService.complete(task, new Variables().set("done", true), local);
  }
);

// Fails once, then throws a BPMN error.
client.subscribe("trouble", async ({ task, taskService }) => {
  say("trouble", { retries: task.retries, message: task.errorMessage });
  if (task.retries === null) {
    await taskService.handleFailure(task, {
      errorMessage: "not yet",
      errorDetails: "at the first attempt",
      retries: 1,
      retryTimeout: 100,
    });
    return;
  }
  await taskService.handleBpmnError(
    task,
    "NO_MONEY",
    "really not",
    new Variables().set("left", 12)
  );
});

// Locks: longer, again, and given back; then somebody fetches it anew.
const seen = new Set();
client.subscribe("locks", async ({ task, taskService }) => {
  say("locks", { again: seen.has(task.id) });
  if (!seen.has(task.id)) {
    seen.add(task.id);
    await taskService.extendLock(task, 60000);
    await taskService.lock(task, 30000);
    await taskService.unlock(task);
    return;
  }
  await taskService.complete(task);
});

// Only those with a business key and a variable of this value.
client.subscribe(
  "picky",
  { businessKey: "wanted", processVariables: { colour: "red" } },
  async ({ task, taskService }) => {
    say("picky", { businessKey: task.businessKey });
    await taskService.complete(task);
    await taskService.complete(task).catch(() => {}); // it is gone: see complete:error
  }
);

const end = () => process.exit(0);
process.stdin.on("end", end).resume();
setTimeout(end, 120000);
say("ready");

// An EventSource: prints the events that it hears, and how it ends.
import { EventSource } from "eventsource";

const events = new EventSource(process.argv[2]);

for (const type of ["metrics", "complete"]) {
  events.addEventListener(type, (event) => {
    console.log(`${type} ${JSON.parse(event.data).status} ${event.lastEventId}`);
  });
}
events.onerror = (event) => {
  console.log(`error ${event.code ?? ""} ${events.readyState}`);
};

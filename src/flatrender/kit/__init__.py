"""What every service stands on: settings, database, HTTP, outbox, workflows, objects. No business."""

"""Quality kept by people: reviews, reports, moderation and appeals, with signals for those who review."""

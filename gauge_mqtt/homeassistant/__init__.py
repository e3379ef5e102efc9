"""What Home Assistant is told and given: discovery, dashboard, card, package."""

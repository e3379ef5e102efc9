"""What tests of several packages share: real programs, generated data, clients that record what they see."""

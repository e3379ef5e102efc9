"""What tests of several rooms share: real programs, generated data, and who watches them."""

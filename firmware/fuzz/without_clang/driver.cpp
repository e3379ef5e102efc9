// Stands in for libFuzzer where the compiler has none, with the same command line: -runs=N CORPUS... Feeds the files of
// the corpora, then N mutations of them. It sees no coverage and finds less, but it is the same N each time.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
constexpr std::size_t kLongest = 4096;
constexpr std::string_view kRuns = "-runs=";

std::vector<Input> read(const std::filesystem::path& corpus) {
  std::vector<Input> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Input>& corpus) : corpus_(corpus) {}

  Input next() {
    Input input = any();
    for (std::size_t times = 1 + below(8); times > 0; --times) mutate(input);
    if (input.size() > kLongest) input.resize(kLongest);
    return input;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  const Input& any() { return corpus_[below(corpus_.size())]; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(below(4) == 0 ? "\0\xff-01859/"[below(9)] : below(256)); }

  void mutate(Input& input) {
    const auto at = static_cast<Input::difference_type>(below(input.size() + 1));
    const auto place = input.begin() + at;
    switch (below(4)) {
      case 0:
        input.insert(place, 1 + below(4), byte());
        break;
      case 1:
        if (place != input.end())
          input.erase(
              place,
              place + 1 + static_cast<Input::difference_type>(below(static_cast<std::size_t>(input.end() - place))));
        break;
      case 2:
        if (place != input.end()) *place = byte();
        break;
      default: {
        const Input& other = any();
        const std::size_t from = below(other.size() + 1);
        const std::size_t size = below(other.size() - from + 1);
        const auto begin = other.begin() + static_cast<Input::difference_type>(from);
        input.insert(place, begin, begin + static_cast<Input::difference_type>(size));
      }
    }
  }

  const std::vector<Input>& corpus_;
  std::mt19937 random_{1};
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<Input> corpus{{}};
  unsigned long runs = 0;
  for (int n = 1; n < argc; ++n) {
    const std::string argument = argv[n];
    if (argument.compare(0, kRuns.size(), kRuns) == 0) {
      runs = std::stoul(argument.substr(kRuns.size()));
    } else {
      for (Input& input : read(argument)) corpus.push_back(std::move(input));
    }
  }
  for (const Input& input : corpus) LLVMFuzzerTestOneInput(input.data(), input.size());
  Mutator mutator(corpus);
  for (unsigned long run = 0; run < runs; ++run) {
    const Input input = mutator.next();
    LLVMFuzzerTestOneInput(input.data(), input.size());
  }
  std::printf("%zu inputs, %lu mutations\n", corpus.size(), runs);
}

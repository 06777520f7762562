//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

// Teaches: large data is not copied. One process builds a picture in shared memory, in place, and
// freezes it; another one reads it where it lies. The message carries its size and a handle only.

#include <strait.hpp>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <numeric>
#include <string>
#include <utility>

struct picture {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    strait::shared_memory pixels;        // of the whole picture
    strait::shared_memory first_row;     // a part of it: the same memory, sent once
};

// Blocks until the picture is there, and answers with the sum of its pixels.
int child() {
    auto ends = strait::inherited::take();
    auto pictures = ends.take<strait::receiver<picture>>("pictures");
    auto sums = ends.take<strait::sender<std::uint64_t>>("sums");
    strait::error_code ec;
    for (picture p = pictures.recv(ec); !ec; p = pictures.recv(ec)) {
        // Verified by strait: it is memory of this size and nobody can change it any more. What the
        // bytes mean is for this program to check.
        const auto pixels = p.pixels.as<std::uint32_t>();
        if (pixels.size() != std::uint64_t{p.width} * p.height) return 1;
        if (p.first_row.as<std::uint32_t>().data() != pixels.data()) return 1;
        sums.send(std::accumulate(pixels.begin(), pixels.end(), std::uint64_t{0}));
    }
    return 0;
}

int main(int argc, char**) try {
    if (argc == 2) return child();
    auto [pictures, pictures_end] = strait::make_channel<picture>();
    auto [sums_end, sums] = strait::make_channel<std::uint64_t>();
    auto self = strait::process_options::this_program();
    self.argument("child").give("pictures", std::move(pictures_end));
    self.give("sums", std::move(sums_end));
    const auto reader = strait::process::start(self);

    constexpr std::uint32_t width = 1920;
    constexpr std::uint32_t height = 1080;
    strait::shared_memory_builder builder(sizeof(std::uint32_t) * width * height);
    std::uint64_t sum = 0;
    std::uint32_t next = 0;
    for (std::uint32_t& pixel : builder.as<std::uint32_t>()) sum += pixel = next++ % 256;

    picture p{width, height, std::move(builder).freeze(), {}};
    p.first_row = p.pixels.slice(0, sizeof(std::uint32_t) * width);
    pictures.send(p);  // it can be sent again, and to others, and read here as well

    const std::uint64_t answer = sums.recv();
    std::printf("%zu bytes, sum %llu, read by process %lld as %llu\n", p.pixels.size_bytes(),
        static_cast<unsigned long long>(sum), static_cast<long long>(reader.pid()),
        static_cast<unsigned long long>(answer));
    return answer == sum ? 0 : 1;
} catch (const std::exception& e) {
    std::fprintf(stderr, "shared_memory: %s\n", e.what());
    return 1;
}

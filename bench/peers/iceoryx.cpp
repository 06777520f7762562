//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "peers/transport.hpp"

#include <strait/process.hpp>

#include <iceoryx_hoofs/log/logmanager.hpp>
#include <iceoryx_posh/popo/untyped_publisher.hpp>
#include <iceoryx_posh/popo/untyped_subscriber.hpp>
#include <iceoryx_posh/popo/wait_set.hpp>
#include <iceoryx_posh/runtime/posh_runtime.hpp>

#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>

// iceoryx: a publisher and a subscriber for each direction, in memory of its daemon, which is
// started here. Nothing is lost: the publisher waits while the subscriber's queue is full. The
// message is copied into the loaned chunk, and read where it lies.

namespace bench::peers {

namespace {

namespace popo = iox::popo;

// The daemon; ends with the measuring process.
class roudi {
public:
    roudi() {
        strait::process_options options(STRAIT_BENCH_ROUDI);
        options.arguments({"--monitoring-mode", "off", "--log-level", "fatal"});
        options.null_output().null_error();
        process_ = strait::process::start(options);
    }
    roudi(const roudi&) = delete;
    roudi& operator=(const roudi&) = delete;
    // Told to end, it removes its shared memory.
    ~roudi() {
        ::kill(static_cast<pid_t>(process_.pid()), SIGTERM);
        strait::error_code ignored;
        process_.wait(ignored);
    }

private:
    strait::process process_;
};

void start_daemon() { static const roudi daemon; }

template <class Text>
Text fixed(const std::string& text) {
    return Text(iox::cxx::TruncateToCapacity, text);
}

// Registers this process, once; waits for the daemon.
void join() {
    static const bool joined = [] {
        iox::log::LogManager::GetLogManager().SetDefaultLogLevel(
            iox::log::LogLevel::kError, iox::log::LogLevelOutput::kHideLogLevel);
        iox::runtime::PoshRuntime::initRuntime(
            fixed<iox::RuntimeName_t>("strait_bench_" + std::to_string(::getpid())));
        return true;
    }();
    static_cast<void>(joined);
}

iox::capro::ServiceDescription topic(const meeting& m, const char* direction) {
    join();
    return {
        "strait_bench", fixed<iox::capro::IdString_t>(m.name),
        fixed<iox::capro::IdString_t>(direction)};
}

popo::PublisherOptions lossless_publisher() {
    popo::PublisherOptions options;
    options.subscriberTooSlowPolicy = popo::ConsumerTooSlowPolicy::WAIT_FOR_CONSUMER;
    return options;
}

// The daemon has ten chunks for messages of 1 MiB.
popo::SubscriberOptions lossless_subscriber(std::size_t bytes) {
    popo::SubscriberOptions options;
    options.queueCapacity = std::clamp<std::size_t>((4u << 20) / bytes, 4, 256);
    options.queueFullPolicy = popo::QueueFullPolicy::BLOCK_PRODUCER;
    return options;
}

// One process's end of both directions.
class iceoryx_end {
public:
    iceoryx_end(const meeting& m, const char* out, const char* in)
        : out_(topic(m, out), lossless_publisher()),
          in_(topic(m, in), lossless_subscriber(m.bytes)) {
        const bool failed = waiting_.attachState(in_, popo::SubscriberState::HAS_DATA).has_error();
        if (failed) throw std::runtime_error("iceoryx: cannot wait for a subscriber");
    }

    void wait_for_other() {
        while (!out_.hasSubscribers() ||
               in_.getSubscriptionState() != iox::SubscribeState::SUBSCRIBED)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }

    void send(const void* message, std::size_t bytes) {
        auto chunk = out_.loan(static_cast<std::uint32_t>(bytes));
        if (chunk.has_error()) throw std::runtime_error("iceoryx: no chunk to loan");
        std::memcpy(chunk.value(), message, bytes);
        out_.publish(chunk.value());
    }

    // Calls `use` with the bytes of the next message, which are given back afterwards.
    template <class Use>
    void receive(Use use) {
        auto chunk = in_.take();
        while (chunk.has_error()) {
            waiting_.wait();
            chunk = in_.take();
        }
        const auto* header = iox::mepoo::ChunkHeader::fromUserPayload(chunk.value());
        use(chunk.value(), std::size_t{header->userPayloadSize()});
        in_.release(chunk.value());
    }
    glimpse look_at_next() {
        glimpse seen;
        receive([&](const void* at, std::size_t bytes) { seen = look_at(at, bytes); });
        return seen;
    }

private:
    popo::UntypedPublisher out_;
    popo::UntypedSubscriber in_;
    popo::WaitSet<1> waiting_;  // gone before what it waits for
};

class iceoryx_client : public client {
public:
    explicit iceoryx_client(meeting& m) : end_(m, "there", "back") { end_.wait_for_other(); }

    void send(const any_bytes& message) override { end_.send(message.data(), message.size()); }
    glimpse call(const any_bytes& message) override {
        send(message);
        return end_.look_at_next();
    }

private:
    iceoryx_end end_;
};

class iceoryx_server : public server {
public:
    explicit iceoryx_server(meeting& m) : end_(m, "back", "there") {}

    void meet() override { end_.wait_for_other(); }
    glimpse receive() override { return end_.look_at_next(); }
    void answer() override {
        end_.receive([&](const void* at, std::size_t bytes) { end_.send(at, bytes); });
    }

private:
    iceoryx_end end_;
};

}  // namespace

transport iceoryx() {
    return {
        .name = "iceoryx",
        .max_bytes = 1u << 20,  // of chunks as the daemon makes them without configuration
        .make_client = make_client<iceoryx_client>,
        .make_server = make_server<iceoryx_server>,
        .prepare = start_daemon};
}

}  // namespace bench::peers

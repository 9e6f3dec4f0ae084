global using PipeServer.Tests.Support;
global using Xunit;

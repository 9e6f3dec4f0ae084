global using PipeServer.Fuzz;
global using PipeServer.Tests.Support;
global using Xunit;
